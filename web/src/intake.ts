/**
 * Where films come in: button, drop and paste. It only collects files; what they are is for the C
 * core to find out, from their bytes.
 */
export interface Intake {
  onFiles(files: File[]): void;
  /** Something came in that is no file. */
  onNothing(message: string): void;
}

export function listen(zone: HTMLElement, choose: HTMLButtonElement, input: HTMLInputElement, intake: Intake): void {
  const take = (files: File[], otherwise: string) => {
    if (files.length > 0) intake.onFiles(files);
    else intake.onNothing(otherwise);
  };

  choose.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = ''; // choosing the same file again is a change again
    if (files.length > 0) intake.onFiles(files);
  });

  // The whole window takes drops: one that misses the zone would otherwise open the film in its place.
  let depth = 0;
  addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth++;
    zone.classList.add('over');
  });
  addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) zone.classList.remove('over');
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    zone.classList.remove('over');
    const dropped = event.dataTransfer ? filesOf(event.dataTransfer) : Promise.resolve([]);
    dropped.then((files) => take(files, 'What was dropped holds no file. Save the film first, then drop the file.'));
  });

  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    event.preventDefault();
    take(files, 'There is no image in what was pasted.');
  });
}

/** The files of a drop, with those in its folders. */
async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Both must be asked at once: when the event is over, the list is empty.
  const parts = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = await Promise.all(
    parts.map(async ({ entry, file }) => {
      if (entry?.isDirectory) return inFolder(entry as FileSystemDirectoryEntry);
      return file ? [file] : [];
    }),
  );
  return found.flat();
}

async function inFolder(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  // A reader hands out some entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((done) => reader.readEntries(done, () => done([])));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue; // .DS_Store and its like
      if (entry.isDirectory) files.push(...(await inFolder(entry as FileSystemDirectoryEntry)));
      else files.push(...(await asFile(entry as FileSystemFileEntry)));
    }
  }
}

function asFile(entry: FileSystemFileEntry): Promise<File[]> {
  return new Promise((done) => entry.file((file) => done([file]), () => done([])));
}
