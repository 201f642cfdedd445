/**
 * Where films come in: buttons, drop and paste. It only collects files; what they are is for the C
 * core to find out, from their bytes.
 */
export interface Intake {
  /** Called several times for a large folder. */
  onFiles(files: File[]): void;
  /** Something came in that is no file. */
  onNothing(what: 'drop' | 'paste' | 'folder'): void;
}

/** So many at once: a folder of ten thousand shows its first films at once and never blocks the page. */
const BATCH = 250;

export function listen(choosers: { button: HTMLElement; input: HTMLInputElement }[], intake: Intake): void {
  for (const { button, input } of choosers) {
    button.addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])].filter(({ name, webkitRelativePath }) => !hidden(webkitRelativePath || name));
      input.value = ''; // choosing the same file again is a change again
      if (files.length > 0) void hand(files, intake);
      else if (input.webkitdirectory) intake.onNothing('folder');
    });
  }

  // The whole window takes drops: one that misses a zone would otherwise open the film in its place.
  let depth = 0;
  const over = (is: boolean) => document.body.classList.toggle('over', is);
  addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth++;
    over(true);
  });
  addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) over(false);
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    void takeDrop(event.dataTransfer, intake);
  });

  addEventListener('paste', (event) => {
    if ((event.target as HTMLElement).closest?.('input, textarea')) return;
    const files = [...(event.clipboardData?.files ?? [])];
    event.preventDefault();
    if (files.length > 0) intake.onFiles(files);
    else intake.onNothing('paste');
  });
}

const hidden = (path: string) => path.split('/').some((part) => part.startsWith('.')); // .DS_Store and its like

/** Lets the page paint and listen. */
const breath = () => new Promise((done) => setTimeout(done));

async function hand(files: File[], intake: Intake): Promise<void> {
  for (let at = 0; at < files.length; at += BATCH) {
    intake.onFiles(files.slice(at, at + BATCH));
    await breath();
  }
}

async function takeDrop(transfer: DataTransfer | null, intake: Intake): Promise<void> {
  // Both must be asked at once: when the event is over, the list is empty.
  const parts = [...(transfer?.items ?? [])]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  let [batch, any]: [File[], boolean] = [[], false];
  const give = async () => {
    if (batch.length > 0) intake.onFiles(batch);
    any ||= batch.length > 0;
    batch = [];
    await breath();
  };
  for (const { entry, file } of parts) {
    if (entry?.isDirectory) {
      for await (const found of inFolder(entry as FileSystemDirectoryEntry)) if (batch.push(found) === BATCH) await give();
    } else if (file && batch.push(file) === BATCH) await give();
  }
  await give();
  if (!any) intake.onNothing('drop');
}

async function* inFolder(folder: FileSystemDirectoryEntry): AsyncGenerator<File> {
  const reader = folder.createReader();
  // A reader hands out some entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((done) => reader.readEntries(done, () => done([])));
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (hidden(entry.name)) continue;
      if (entry.isDirectory) yield* inFolder(entry as FileSystemDirectoryEntry);
      else {
        const file = await asFile(entry as FileSystemFileEntry);
        if (file) yield file;
      }
    }
  }
}

function asFile(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((done) => entry.file(done, () => done(null)));
}
