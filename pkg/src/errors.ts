// Errors as callers see them and as they cross between threads.
//
// In: a plain object from the wasm, or anything that was thrown. Out: `GriotError` with a code to act on, a hint and numbers;
// or the `AbortError` that every aborted call of the platform rejects with. Nothing of an error is lost on the way.

/** What a caller can do about an error. More may come: treat an unknown code as `internal`. */
export type Code =
  | "bad-option" | "bad-input" | "bad-file" | "unsupported" | "shape" | "context-overflow" | "out-of-memory" | "device-lost"
  | "device-unavailable" | "numeric-mismatch" | "non-finite" | "download-failed" | "integrity" | "quota" | "disposed" | "internal";

/** Every error that griot throws, but for `AbortError`. */
export class GriotError extends Error {
  override readonly name = "GriotError";
  /** What the caller can do about it. */
  readonly code: Code;
  /** A sentence that says what to do, where there is one. */
  readonly hint: string | undefined;
  /** The numbers that belong to the error. */
  readonly details: Record<string, number>;

  constructor(code: Code, message: string, more: { hint?: string | undefined; details?: Record<string, number> | undefined; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.details = more.details ?? {};
  }
}

/** An error as it crosses: plain data. `aborted` becomes an `AbortError`. */
export interface WireError {
  code: Code | "aborted";
  message: string;
  hint?: string;
  details?: Record<string, number>;
}

/** Whether something thrown is already in the form that crosses. */
function isWire(thrown: unknown): thrown is WireError {
  return typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) && "code" in thrown && "message" in thrown;
}

/** Anything thrown, as plain data. What is not ours is `internal`. */
export function toWire(thrown: unknown): WireError {
  if (isWire(thrown)) return thrown;
  if (thrown instanceof GriotError) {
    const wire: WireError = { code: thrown.code, message: thrown.message, details: thrown.details };
    if (thrown.hint !== undefined) wire.hint = thrown.hint;
    return wire;
  }
  if (isAbort(thrown)) return { code: "aborted", message: thrown.message };
  return { code: "internal", message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
}

/** The error that the caller sees. */
export function fromWire(wire: WireError): Error {
  if (wire.code === "aborted") return abortError(wire.message);
  return new GriotError(wire.code, wire.message, { hint: wire.hint, details: wire.details });
}

/** The rejection of an aborted call; a run adds `partial`, the result so far. */
export function abortError(message = "The call was aborted."): Error {
  return new DOMException(message, "AbortError");
}

/** Whether something thrown is an `AbortError`. */
export function isAbort(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === "AbortError";
}
