// Before the first paint: the theme and the language that were chosen last time.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("griot.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; then nothing is remembered.
  }
})();
