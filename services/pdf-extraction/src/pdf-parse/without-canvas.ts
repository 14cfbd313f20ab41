/**
 * Lets pdf.js load without its native canvas, which the sandbox's permission model rightly refuses: while it loads, it
 * makes one matrix for drawing. Text extraction never draws.
 */

/** Fills the places of the canvas' classes that pdf.js looks for. To be called before pdf-parse is loaded. */
export function goWithoutCanvas(): void {
  for (const name of ['DOMMatrix', 'ImageData', 'Path2D']) {
    // A constructor that makes an empty object.
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value: function NoDrawing(): void {}, configurable: true });
  }
}
