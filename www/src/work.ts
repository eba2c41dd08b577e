// A button whose press works for a while.
//
// In: what is to be done, where a fault is said, who draws. Out: the button, and whether it is at work. Pressed again meanwhile it does nothing.

import { button, type alertLine, type Say } from "./dom.js";

/** The button; `draw` is called as the work begins and as it ends, well or not. */
export function workButton(label: Say, alert: ReturnType<typeof alertLine>, work: () => Promise<void>, draw: () => void): { element: HTMLButtonElement; busy(): boolean } {
  let busy = false;
  const press = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    alert.clear();
    element.setAttribute("aria-disabled", "true");
    draw();
    try {
      await work();
    } catch (error) {
      alert.show(error);
    } finally {
      busy = false;
      element.removeAttribute("aria-disabled");
      draw();
    }
  };
  const element = button(label, () => void press());
  return { element, busy: () => busy };
}
