// What only lessons and tests ask for, through `griot/lab`.

import type { Job } from "../door.js";
import type { Service } from "../host.js";

/** This subject's part of the door. */
export interface DoorLab {
  trap_for_tests(): void;
  feign_for_tests(faults: unknown): void;
  destroy_for_tests(): boolean;
  check_kernels(): Job;
  try_kernel(name: string, text: string | null | undefined, sizes: unknown): Job;
}

export const lab: Service = {
  trap({ door }) {
    door.trap_for_tests();
  },
  feign: ({ door }, _: undefined, faults: unknown) => door.feign_for_tests(faults),
  destroy: ({ door }) => door.destroy_for_tests(),
  kernels: ({ door, drive }) => drive({ job: door.check_kernels() }),
  kernel: ({ door, drive }, _: undefined, name: string, text: string | undefined, sizes: unknown) => drive({ job: door.try_kernel(name, text, sizes) }),
};
