// Writes .br and .gz beside every text file of the build, so that the server
// never compresses: it only picks the file the browser accepts.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../dist/app/", import.meta.url).pathname;
const text = /\.(js|css|svg|json)$/;

for (const name of readdirSync(root, { recursive: true })) {
  const path = join(root, name);
  // index.html is filled in per request and stays as it is.
  if (!text.test(name) || name.startsWith(".vite") || statSync(path).size < 1024) continue;
  const data = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${path}.gz`, gzipSync(data, { level: 9 }));
}
