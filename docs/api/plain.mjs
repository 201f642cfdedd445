// Makes what TypeDoc and Doxygen wrote work without scripts, as the page's policy wants it (no script in a page, no
// style in an element), and writes the page that leads to both:
//
//   node docs/api/plain.mjs build/api
//
// What only a script would fill goes (search, settings); a list of all names stands in place of TypeDoc's menu.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const [folder] = process.argv.slice(2);
const files = (of) => readdirSync(join(folder, of), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
const change = (path, edit) => writeFileSync(path, edit(readFileSync(path, 'utf8')));

/** What nothing but a script makes use of, of either. */
const SCRIPTED = {
  js: [
    /<button id="tsd-search-trigger".*?<\/button>/gs,
    /<dialog id="tsd-search".*?<\/dialog>/gs,
    /<a href="#"[^>]* id="tsd-toolbar-menu-trigger".*?<\/a>/gs,
    /<div class="tsd-navigation settings">.*?<\/details><\/div>/gs,
    /<button type="button">Copy<\/button>/g,
  ],
  c: [/<div class="levels">.*?<\/div>/gs, /<span[^>]* onclick=.*?<\/span>/gs],
};

function plain(html, kind) {
  const without = [/<script\b.*?<\/script>\n?/gs, ...SCRIPTED[kind]].reduce((text, form) => text.replace(form, ''), html);
  return without.replace(/<[a-z][^>]*>/g, (tag) => tag.replace(/ (?:on[a-z]+|style)="[^"]*"/g, ''));
}

const modules = readFileSync(join(folder, 'js/modules.html'), 'utf8');
const names = [...modules.matchAll(/<span class="tsd-member-summary-name">.*?<a href="([^"]+)"[^>]*>(.*?)<\/a>/gs)];
if (names.length === 0) throw new Error(`${folder}/js/modules.html lists no names.`);

for (const kind of ['js', 'c']) {
  for (const path of files(kind)) {
    if (extname(path) === '.js') rmSync(path);
    if (extname(path) !== '.html') continue;
    change(path, (html) => {
      const [, base = './'] = /data-base="([^"]*)"/.exec(html) ?? [];
      const list = names.map(([, href, name]) => `<li><a href="${base}${href}">${name}</a></li>`).join('\n');
      return plain(html, kind)
        .replace('<li>Loading...</li>', () => list)
        .replace('</title>', `$&<link rel="icon" href="${base}../../icon.svg"/>`); // the page's
    });
    const left = /<script|<[a-z][^>]* (?:on[a-z]+|style)=|javascript:|Loading\.\.\./.exec(readFileSync(path, 'utf8'));
    if (left) throw new Error(`${path} still has ${left[0]}: the generator has changed, and docs/api/plain.mjs must.`);
  }
}

writeFileSync(
  join(folder, 'index.html'),
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pleura: reference</title>
<link rel="icon" href="../icon.svg">
<link rel="stylesheet" href="js/assets/style.css">
<div class="container tsd-typography">
<h1>Pleura: reference</h1>
<p>For programs that classify films themselves. The same engine and the same model answer as in <a href="../">the page</a>.
<ul>
<li><a href="js/modules.html">The JavaScript package</a>, for browsers and Node; its <a href="js/index.html">manual</a>.
<li><a href="c/index.html">The C library</a>, with an example.
</ul>
<p>The examples in both are files of the repository that its tests build and run. Pleura is a research tool, not a medical
device; nothing that it returns is a diagnosis.
</div>
</html>
`,
);
