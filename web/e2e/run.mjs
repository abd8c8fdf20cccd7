// The whole story in a real browser against the real binary: squall demo leaks,
// alerts, catches the dump; then the page is walked. `make e2e` runs it.
//   node e2e/run.mjs [--keep-screenshots]
// With --keep-screenshots the README's pictures are written anew.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.SQUALL ?? join(here, "../../bin/squall");
const patience = 60_000; // milliseconds, for the demo to catch its dump

/** Starts the demo and resolves with what it prints once the dump is stored. */
function startDemo() {
  const child = spawn(binary, ["demo", "-o", "jsonl"], { stdio: ["ignore", "pipe", "inherit"] });
  const result = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the demo caught no dump in time")), patience);
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(new Error(`the demo printed ${line}`));
      }
    });
    child.once("exit", (code) => reject(new Error(`the demo ended with status ${code}`)));
    child.once("error", reject);
  });
  return { child, result };
}

/** Runs a script of this folder and resolves with its exit status. */
function script(name, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(here, name), ...args], { stdio: "inherit" });
    child.once("exit", (code) => resolve(code ?? 1));
    child.once("error", reject);
  });
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.removeAllListeners("exit");
    child.once("exit", resolve);
    child.kill("SIGINT");
  });
}

/** Starts a server with the shipped packs only and resolves with its login link. */
function startServer(data) {
  const child = spawn(
    binary,
    ["server", "--data", data, "--packs", join(data, "packs"), "--listen", "127.0.0.1:0"],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const link = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /http\S+login\?code=\w+/.exec(line);
      if (found) resolve(found[0]);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with status ${code}`)));
    child.once("error", reject);
  });
  return { child, link };
}

/** What happens while somebody looks, against a server of its own. */
async function live() {
  const data = mkdtempSync(join(tmpdir(), "squall-live-"));
  const server = startServer(data);
  try {
    const link = await server.link;
    return await script("live.mjs", new URL(link).origin, link);
  } finally {
    await stop(server.child);
    rmSync(data, { recursive: true, force: true });
  }
}

const demo = startDemo();
let status = 1;
try {
  const found = await demo.result;
  console.log(
    `dump stored ${found.alert_to_stored_ms.toFixed(1)} ms after the alert, ${found.artifact_bytes} bytes`,
  );
  const login = found.login_url.replace(/&next=.*/, "");
  status = await script("story.mjs", found.url, login, found.execution);
  status ||= await live();
  status ||= await script("fresh.mjs", binary);
} catch (error) {
  console.error(String(error));
} finally {
  await stop(demo.child);
}
if (status === 0 && process.argv.includes("--keep-screenshots")) {
  const pictures = join(here, "../docs/images");
  mkdirSync(pictures, { recursive: true });
  for (const name of ["execution-dark", "flame-graph-light", "event-light"]) {
    copyFileSync(join(here, "shots", `${name}.png`), join(pictures, `${name}.png`));
  }
}
process.exit(status);
