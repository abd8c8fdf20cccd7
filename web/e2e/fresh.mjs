// The first minutes of a server, and its restart, seen from the page:
//   node e2e/fresh.mjs [BINARY [PACKS]]
// It starts a server of its own in an empty directory, kills it and starts it again.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { axe, launch, login, open, report, screenshot, settled } from "./lib.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [binary = join(root, "bin/squall"), packs = join(root, "examples/packs")] = process.argv.slice(2);
const data = mkdtempSync(join(tmpdir(), "squall-fresh-"));
const { none, step, finish } = report();

/** A port that nobody listens to: the server must come back to the same one. */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts the server and resolves, once it answers, with its process and login link. */
function startServer(port) {
  const child = spawn(binary, ["server", "--data", data, "--packs", packs, "--listen", `127.0.0.1:${port}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (text) => {
      said += text;
      const link = /http\S+login\?code=\w+/.exec(said)?.[0];
      if (link) resolve({ child, link });
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with status ${code}: ${said}`)));
  });
}

function end(child, signal) {
  return new Promise((resolve) => {
    child.removeAllListeners("exit");
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", resolve);
    child.kill(signal);
  });
}

const shell = promisify(execFile);
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
let server = await startServer(port);
const browser = await launch();

const rows = (page) => page.$$eval("[data-id]", (all) => all.map((row) => row.dataset.id));
const pill = (page, word) => page.waitForSelector(`nav [role=status] >> text="${word}"`, { timeout: 15_000 });

try {
  const { context, page, trouble } = await open(browser, base);
  page.setDefaultTimeout(10_000);
  await step("the one-time link signs in", () => login(page, server.link));
  let command;
  await step("an empty server says what to do", async () => {
    await page.waitForSelector("text=Nothing has run yet");
    await settled(page);
    command = await page.textContent("main code");
    if (!command.includes(base)) throw new Error(`it says ${command}`);
  });
  none("the first page has no accessibility violation", await axe(page));
  await screenshot(page, "first-run-light");
  await step("its command works as it stands, and the list fills by itself", async () => {
    await pill(page, "Live");
    await shell("sh", ["-c", command]);
    await page.waitForSelector("[data-id] >> text=Succeeded");
  });
  await step("the event it sent is listed too", async () => {
    await page.click("nav a[href='/events']");
    await page.waitForSelector("[data-id] >> text=matched");
    await page.goBack();
    await page.waitForSelector("[data-id]");
  });
  none("no console error, no policy violation, no foreign request", trouble);

  const before = await rows(page);
  await step("a killed server shows in the pill, and the rows stay", async () => {
    await end(server.child, "SIGKILL");
    await page.waitForSelector("nav [role=status] >> text=/Reconnecting|Offline/");
    if ((await rows(page)).join() !== before.join()) throw new Error("the rows are gone");
    await screenshot(page, "reconnecting-light");
  });
  await step("what happened meanwhile appears once it is back", async () => {
    server = await startServer(port);
    // At once: the page has not reconnected yet and must fetch what it missed.
    for (let i = 0; i < 5; i++) await shell("sh", ["-c", command]);
    await pill(page, "Live");
    await page.waitForFunction((n) => document.querySelectorAll("[data-id]").length === n, before.length + 5);
    const after = await rows(page);
    if (new Set(after).size !== after.length) throw new Error("a row stands twice");
    if (after.at(-1) !== before.at(-1)) throw new Error("the first row is lost");
  });
  await step("and it is live again", async () => {
    await shell("sh", ["-c", command]);
    await page.waitForFunction((n) => document.querySelectorAll("[data-id]").length === n, before.length + 6);
  });
  await context.close();
} catch (error) {
  none("the walk came to its end", [String(error)]);
} finally {
  await browser.close();
  await end(server.child, "SIGTERM");
  rmSync(data, { recursive: true, force: true });
}
process.exit(finish());
