// Tokens of a byte-level vocabulary, made readable.
//
// In: a token as vocabularies of the GPT-2 family write it, one printable character per byte. Out: its text; bytes that are no whole
// character are shown as ‹E9›. Spaces are shown, since they belong to the token.

const BYTES = new Map<string, number>();
{
  const plain = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  let beyond = 256;
  for (let b = 0; b < 256; b++) BYTES.set(String.fromCodePoint(plain(b) ? b : beyond++), b);
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a token, as text. */
export function readable(token: string): string {
  const bytes = Uint8Array.from([...token], (c) => BYTES.get(c) ?? 0xff);
  try {
    return visible(DECODER.decode(bytes));
  } catch {
    return [...bytes].map((b) => (b < 128 ? visible(String.fromCharCode(b)) : `‹${b.toString(16).toUpperCase()}›`)).join("");
  }
}

/** A text with its spaces and line ends shown. */
export function visible(text: string): string {
  return text.replaceAll(" ", "␣").replaceAll("\n", "⏎");
}
