// A model's sessions on the host's side: the numbers are the client's.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { Surroundings } from "./index.js";

/** What the wasm's model offers for them. */
export interface DoorSessions {
  open_session(session: number, messages: unknown): Job;
  prompt_session(session: number, conversation: unknown, options: unknown, stops: string[]): Job;
  fork_session(session: number, other: number): Job;
  close_session(session: number): Job;
  converses(): boolean;
}

export const sessions = ({ chat }: Surroundings): Service => ({
  async openSession({ drive }, it: DoorSessions, session: number, messages: unknown) {
    if (it.converses()) await chat.ready();
    return drive({ job: it.open_session(session, messages) });
  },
  async promptSession({ drive }, it: DoorSessions, session: number, conversation: unknown, options: unknown, stops: string[]) {
    if (it.converses()) await chat.ready();
    return drive({ job: it.prompt_session(session, conversation, options, stops) });
  },
  forkSession: ({ drive }, it: DoorSessions, session: number, other: number) => drive({ job: it.fork_session(session, other) }),
  closeSession: ({ drive }, it: DoorSessions, session: number) => drive({ job: it.close_session(session) }),
});
