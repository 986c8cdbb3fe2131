const MEMORY_SECTION = 5;

/**
 * Returns a WebAssembly module with a memory that cannot grow beyond `maxPages` of 64 KiB. A module sets its own bound and the engine's has none; without one,
 * a template can fill gigabytes before its time is over.
 */
export function limitMemory(module: Uint8Array, maxPages: number): Uint8Array {
  // Magic number and version, then sections: an id, the length of the rest, the rest.
  for (let at = 8; at < module.length;) {
    const [length, start] = readNumber(module, at + 1);
    if (module[at] === MEMORY_SECTION) {
      // The number of memories, which is one; whether it has a maximum; its minimum.
      const [minPages] = readNumber(module, start + 2);
      const section = [1, 1, ...writeNumber(minPages), ...writeNumber(maxPages)];
      return Buffer.concat([
        module.subarray(0, at),
        Uint8Array.from([MEMORY_SECTION, section.length, ...section]),
        module.subarray(start + length),
      ]);
    }
    at = start + length;
  }
  throw new Error("The module has no memory of its own.");
}

/** Reads a number in LEB128. Returns it with the offset behind it. */
function readNumber(bytes: Uint8Array, at: number): [value: number, next: number] {
  const byte = bytes[at]!;
  if (byte < 128) return [byte, at + 1];
  const [rest, next] = readNumber(bytes, at + 1);
  return [(byte & 127) + rest * 128, next];
}

const writeNumber = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...writeNumber(value >> 7)]);
