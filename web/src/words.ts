import type { Answer } from 'pleura';

/** "bacterial_pneumonia" is a name for programs. */
export function label(name: string): string {
  return name.replaceAll('_', ' ');
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Never "0.0 %" or "100.0 %": no probability here is certain. */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.001) return '< 0.1 %';
  if (probability < 1 && probability >= 0.9995) return '> 99.9 %';
  return `${(probability * 100).toFixed(1)} %`;
}

export function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** The outcome in words, told by more than its colour. Never worded as a diagnosis. */
export function outcome({ outcome, finding }: Answer): { icon: string; title: string } {
  const name = label(finding ?? 'the finding');
  switch (outcome) {
    case 'finding':
      return { icon: '▲', title: `At or above the threshold for ${name}` };
    case 'no_finding':
      return { icon: '▽', title: `Below the threshold for ${name}` };
    case 'cannot_say':
      return { icon: '?', title: 'Cannot say' };
  }
}
