/** Hands a text to the browser's downloads. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the download starts after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
