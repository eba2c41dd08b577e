// Who works on an object, one at a time, in order of arrival; and the way back to the event loop.
//
// A call takes its turn and gives it back at its end; a run gives it back between steps, behind whoever waits.

/** Turns on one object. */
export class Turns {
  #busy = false;
  #waiting: (() => void)[] = [];
  /** Told when somebody begins to wait. */
  onWanted: (() => void) | undefined;

  /** Resolves when it is the caller's turn. The place in the line is taken at once. */
  take(): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.onWanted?.();
    });
  }

  /** Gives the turn to who has waited longest. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }

  /** Whether anybody waits. */
  get wanted(): boolean {
    return this.#waiting.length > 0;
  }
}

const due: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Resolves in the next turn of the event loop: messages, input and painting come first. No timer, which browsers would clamp. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    // Node hands out up to a thousand messages before it looks at a timer; its own way back is this one.
    const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => void };
    if (setImmediate !== undefined) return setImmediate(resolve);
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => {
        due.shift()?.();
      };
    }
    due.push(resolve);
    channel.port2.postMessage(undefined);
  });
}
