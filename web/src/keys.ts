/** Single letters work only while the list or a film has the focus, so that no speech or typing sets them off. */
export function listenToKeys(anywhere: Record<string, () => void>, inList: Record<string, () => void>, onDigit: (digit: number) => boolean): void {
  addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || !(target instanceof HTMLElement)) return;
    const list = target.id === 'rows';
    if (!list && !target.classList.contains('canvas')) return;
    const act = anywhere[key.toLowerCase()] ?? (list ? inList[key] : undefined);
    if (!act && !(list && /^[0-9]$/.test(key) && onDigit(Number(key)))) return;
    event.preventDefault();
    act?.();
  });
}
