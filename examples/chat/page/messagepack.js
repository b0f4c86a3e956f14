// MessagePack, as much of it as the chat needs: writes text, maps and integers from 0; reads
// arrays and booleans too.
// https://github.com/msgpack/msgpack/blob/master/spec.md

/** @returns {Uint8Array} */
export function encode(value) {
  const bytes = [];
  write(value, bytes);
  return Uint8Array.from(bytes);
}

/** @param {Uint8Array} bytes */
export function decode(bytes) {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
  const value = read(reader);
  if (reader.at !== bytes.length) throw new RangeError("there are bytes after the value");
  return value;
}

function write(value, bytes) {
  if (typeof value === "number") return writeHead(bytes, value, [0, 128, 0xcc, 0xcd, 0xce, 0xcf]);
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    writeHead(bytes, text.length, [0xa0, 32, 0xd9, 0xda, 0xdb]);
    return bytes.push(...text);
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  writeHead(bytes, entries.length, [0x80, 16, undefined, 0xde, 0xdf]);
  for (const part of entries.flat()) write(part, bytes);
}

/** Writes a number behind the shortest mark for it: in the mark itself, or in 1, 2, 4 or 8 bytes. */
function writeHead(bytes, number, [fixed, below, ...marks]) {
  if (number < below) return bytes.push(fixed | number);
  const ends = [0x100, 0x10000, 0x100000000, Infinity];
  const index = ends.findIndex((end, at) => marks[at] && number < end);
  const digits = number.toString(16).padStart(2 << index, "0");
  bytes.push(marks[index], ...digits.match(/../g).map((digit) => parseInt(digit, 16)));
}

function read(reader) {
  const mark = readNumber(reader, 1);
  if (mark < 0x80) return mark;
  if (mark < 0x90) return readMap(reader, mark & 15);
  if (mark < 0xa0) return readArray(reader, mark & 15);
  if (mark < 0xc0) return readText(reader, mark & 31);
  switch (mark) {
    case 0xc2: return false;
    case 0xc3: return true;
    case 0xcc: case 0xcd: case 0xce: case 0xcf:
      return readNumber(reader, 1 << (mark - 0xcc));
    case 0xd9: case 0xda: case 0xdb:
      return readText(reader, readNumber(reader, 1 << (mark - 0xd9)));
    case 0xdc: case 0xdd:
      return readArray(reader, readNumber(reader, 2 << (mark - 0xdc)));
    case 0xde: case 0xdf:
      return readMap(reader, readNumber(reader, 2 << (mark - 0xde)));
    default: throw new RangeError(`unknown mark ${mark}`);
  }
}

function readNumber(reader, bytes) {
  let number = 0;
  while (bytes-- > 0) number = number * 256 + reader.view.getUint8(reader.at++);
  return number;
}

function readText(reader, length) {
  const { buffer, byteOffset } = reader.view;
  const text = new Uint8Array(buffer, byteOffset + reader.at, length);
  reader.at += length;
  return new TextDecoder("utf-8", { fatal: true }).decode(text);
}

function readArray(reader, length) {
  const array = [];
  while (array.length < length) array.push(read(reader));
  return array;
}

function readMap(reader, length) {
  const map = {};
  for (let left = length; left > 0; left--) {
    const key = read(reader);
    map[key] = read(reader);
  }
  return map;
}
