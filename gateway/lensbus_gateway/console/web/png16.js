// Reads PNG pictures with one channel of 16 bits: browsers would cut them down to 8.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** Return width, height and the numbers of a picture, row after row. */
export async function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (SIGNATURE.some((byte, at) => bytes[at] !== byte)) throw new Error("This is no PNG");
  const parts = [];
  let head = null;
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IHDR") {
      head = { width: view.getUint32(at + 8), height: view.getUint32(at + 12), bits: bytes[at + 16], colour: bytes[at + 17], laced: bytes[at + 20] };
    } else if (type === "IDAT") {
      parts.push(bytes.subarray(at + 8, at + 8 + length));
    }
    at += length + 12;
  }
  if (head?.bits !== 16 || head.colour !== 0 || head.laced) throw new Error("Only grey pictures of 16 bits can be read");
  const packed = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(packed).arrayBuffer());
  return { width: head.width, height: head.height, values: unfilter(rows, head.width, head.height) };
}

function unfilter(rows, width, height) {
  const line = width * 2;
  const values = new Uint16Array(width * height);
  let before = new Uint8Array(line);
  for (let y = 0; y < height; y += 1) {
    const start = y * (line + 1);
    const filter = rows[start];
    const row = rows.subarray(start + 1, start + 1 + line);
    for (let x = 0; x < line; x += 1) {
      const left = x < 2 ? 0 : row[x - 2];
      const corner = x < 2 ? 0 : before[x - 2];
      if (filter === 1) row[x] += left;
      else if (filter === 2) row[x] += before[x];
      else if (filter === 3) row[x] += (left + before[x]) >> 1;
      else if (filter === 4) row[x] += paeth(left, before[x], corner);
    }
    for (let x = 0; x < width; x += 1) values[y * width + x] = (row[2 * x] << 8) | row[2 * x + 1];
    before = row;
  }
  return values;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
