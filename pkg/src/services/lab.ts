// What only lessons and tests ask for, through `griot/lab`.

import type { Service } from "../host.js";

export const lab: Service = {
  trap({ door }) {
    door.trap_for_tests();
  },
  kernels: ({ door, drive }) => drive({ job: door.check_kernels() }),
};
