// What is compiled into the WebAssembly modules, under which licences, and those licences' own words, out
// of the sources that the build unpacked: their terms ask that a binary carries them.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { components } from './sbom.mjs';

const { PLEURA_CACHE, XDG_CACHE_HOME } = process.env;
const cache = PLEURA_CACHE ?? `${XDG_CACHE_HOME ?? `${homedir()}/.cache`}/pleura`;

export function licences() {
  const parts = components().map(({ id, name, version, sha256, licence, part, notice, text }) => {
    const words = text ? readFileSync(`${cache}/sources/${id}-${sha256.slice(0, 12)}/${text}`, 'utf8') : '';
    return [`==== ${name} ${version} (in the ${part}): ${licence}`, notice, words.trim()].filter(Boolean).join('\n\n');
  });
  return `${parts.join('\n\n\n')}\n`;
}
