const SIDE = 96;

// One after another: full-size films decoded side by side would fill the memory.
let last: Promise<unknown> = Promise.resolve();

/** Draws a small copy of the film, so that the film itself need not be kept. */
export function thumbnail(file: Blob, canvas: HTMLCanvasElement): Promise<void> {
  const drawn = last.then(async () => {
    // As the core reads it: without turning it by the camera's note.
    const bitmap = await createImageBitmap(file, {
      resizeHeight: SIDE * 2,
      resizeQuality: 'medium',
      imageOrientation: 'none',
    });
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    bitmap.close();
  });
  // The core may read what the browser does not (and the film stays without a picture then).
  last = drawn.catch(() => {});
  return last as Promise<void>;
}
