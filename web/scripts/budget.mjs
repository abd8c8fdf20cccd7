// Fails when the build is heavier than it may be. Sizes are gzipped, 1 KB = 1,000 bytes.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const root = new URL("../dist/app/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(`${root}.vite/manifest.json`, "utf8"));
const gz = (file) => gzipSync(readFileSync(root + file)).length / 1000;

/** Every file that opening the given entries loads, with what they import statically. */
function closure(keys, seen = new Set()) {
  for (const key of keys) {
    if (seen.has(key)) continue;
    seen.add(key);
    closure(manifest[key].imports ?? [], seen);
  }
  return seen;
}

const files = (keys) => new Set([...keys].flatMap((k) => [manifest[k].file, ...(manifest[k].css ?? [])]));
const sum = (list, pattern) => [...list].filter((f) => pattern.test(f)).reduce((n, f) => n + gz(f), 0);
const page = (name) => `src/pages/${name}.tsx`;

const shell = closure(["index.html"]);
const list = closure(["index.html", page("executions/list")]);
const above = (name, base) => [...files(closure([page(name)]))].filter((f) => !files(base).has(f));
const fonts = Object.values(manifest).filter((m) => /inter.*\.woff2$/.test(m.file));

const budgets = [
  ["first load: JS", sum(files(list), /\.js$/), 150],
  ["first load: CSS", sum(files(list), /\.css$/), 15],
  ["first load: fonts", fonts.reduce((n, m) => n + gz(m.file), 0), 50],
  ["execution page above the shell", sum(above("executions/detail", shell), /\.js$/), 25],
  ["flame graph above the list", sum(above("artifacts/detail", list), /\.js$/), 10],
  ["everything: JS and CSS", sum(files(Object.keys(manifest)), /\.(js|css)$/), 600],
];

let over = 0;
for (const [name, size, budget] of budgets) {
  if (size > budget) over++;
  console.log(
    `${size > budget ? "OVER" : "ok  "}  ${name.padEnd(32)} ${size.toFixed(1).padStart(6)} / ${budget} KB`,
  );
}
process.exit(over ? 1 : 0);
