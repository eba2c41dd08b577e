// The page: static files with relative addresses, so that any folder of any server will do.

export default {
  base: "./",
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  worker: { format: "es" },
};
