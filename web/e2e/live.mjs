// What happens while somebody looks, against a running server that has the pack core:
//   node e2e/live.mjs BASE LOGIN_LINK
import { axe, desktop, launch, login, open, phone, report, screenshot, settled } from "./lib.mjs";

const [base, link] = process.argv.slice(2);
if (!base || !link) {
  console.error("usage: node e2e/live.mjs BASE LOGIN_LINK");
  process.exit(2);
}

const { none, step, finish } = report();
const browser = await launch();
const id = /\/executions\/([0-9a-f]{24})$/;

/** Starts an execution as the signed-in browser would, and resolves with its id. */
async function start(page, action, parameters = {}) {
  const response = await page.request.post(`${base}/api/v1/executions`, {
    headers: { "X-Squall-Csrf": "1" },
    data: { action, parameters },
  });
  if (response.status() !== 201) throw new Error(`${action} was refused: ${await response.text()}`);
  return (await response.json()).id;
}

const status = (page, word) => page.waitForSelector(`header >> text="${word}"`);

async function runFromThePage(page) {
  const dialog = page.locator("[role=dialog]");
  const box = dialog.getByLabel("Parameters as JSON");
  await step("N opens the form to run an action", async () => {
    await page.goto(`${base}/executions`);
    await settled(page);
    await page.keyboard.press("n");
    await dialog.waitFor();
    await dialog.getByLabel("Action").selectOption("core.echo");
    const text = JSON.parse(await box.inputValue());
    if (text.message !== "") throw new Error(`the form begins with ${JSON.stringify(text)}`);
  });
  none("the form has no accessibility violation", await axe(page));
  await screenshot(page, "run-light");
  await step("what is not JSON can not be sent", async () => {
    await box.fill('{"message": ');
    await dialog.getByText("This is not JSON").waitFor();
    if (await dialog.getByRole("button", { name: "Run" }).isEnabled()) throw new Error("it can be sent");
  });
  await step("a refusal stands beside the form, which keeps what was typed", async () => {
    const wrong = '{"massage": 12345678901234567890}';
    await box.fill(wrong);
    const sent = page.waitForRequest((r) => r.method() === "POST");
    await dialog.getByRole("button", { name: "Run" }).click();
    await dialog.locator("[role=alert] >> text=invalid_parameters").waitFor();
    if ((await box.inputValue()) !== wrong) throw new Error("what was typed is gone");
    if (!(await sent).postData().includes(wrong)) throw new Error("it was not sent as it was typed");
  });
  await screenshot(page, "run-refused-light");
  await step("a run opens its execution", async () => {
    await box.fill('{"message": "hello from the page"}');
    await box.press("Control+Enter");
    await page.waitForURL(id);
    await status(page, "Succeeded");
    await page.waitForSelector("text=hello from the page");
  });
}

async function cancel(page) {
  await step("a running execution shows that it runs, and can be canceled", async () => {
    await page.goto(`${base}/executions/${await start(page, "core.sleep", { seconds: 30 })}`);
    await status(page, "Running");
    await settled(page);
    await screenshot(page, "running-light");
    await page.click("button:has-text('Cancel')");
    await status(page, "Canceled");
    await page.waitForSelector("button:has-text('Cancel')", { state: "detached" });
  });
}

async function fail(page, viewport) {
  await step(`at ${viewport.width} px the reason of a failure is seen without scrolling`, async () => {
    await page.setViewportSize(viewport);
    await page.goto(`${base}/executions/${await start(page, "core.fail", { message: "the disk is full" })}`);
    await status(page, "Failed");
    await settled(page);
    await page.waitForSelector("[role=alert]");
    await screenshot(page, `failed-${viewport.width}-light`);
    const box = await page.locator("[role=alert] >> text=the disk is full").boundingBox();
    const floor = viewport.width < 768 ? viewport.height - 56 : viewport.height;
    if (!box || box.y + box.height > floor) throw new Error(`it lies at ${JSON.stringify(box)}`);
  });
  none(`at ${viewport.width} px a failure has no accessibility violation`, await axe(page));
}

/** Rows appear by themselves, but none moves under a pointer. */
async function fill(page) {
  const first = () => page.getAttribute("[data-id] >> nth=0", "data-id");
  await step("a new execution appears on top by itself", async () => {
    await page.setViewportSize(desktop);
    await page.goto(`${base}/executions`);
    await page.waitForSelector("[data-id]");
    await page.waitForSelector("nav >> text=Live");
    const fresh = await start(page, "core.noop");
    await page.waitForSelector(`[data-id="${fresh}"]`);
    if ((await first()) !== fresh) throw new Error("it is not on top");
  });
  await step("under a pointer new rows wait to be shown", async () => {
    await page.hover("[data-id] >> nth=0");
    const before = await first();
    const fresh = await start(page, "core.noop");
    await page.waitForSelector("text=1 new");
    if ((await first()) !== before) throw new Error("the rows moved");
    await page.keyboard.press(".");
    await page.waitForSelector(`[data-id="${fresh}"]`);
  });
}

/** The second tab hears the first one's stream, and goes on when the first is closed. */
async function twoTabs(page) {
  await step("a second tab is live, and stays so when the first closes", async () => {
    const second = await page.context().newPage();
    await second.goto(`${base}/executions`);
    await second.waitForSelector("nav >> text=Live");
    await page.close();
    const fresh = await start(second, "core.noop");
    await second.waitForSelector(`[data-id="${fresh}"]`);
  });
}

try {
  const { context, page, trouble } = await open(browser, base);
  page.setDefaultTimeout(10_000);
  await step("the one-time link signs in", () => login(page, link));
  await runFromThePage(page);
  // The browser itself tells the console of every refused request.
  none(
    "no console error, no policy violation, no foreign request",
    trouble.splice(0).filter((t) => !t.includes("422")),
  );
  await cancel(page);
  await fail(page, { width: 1280, height: 720 });
  await fail(page, phone);
  await fill(page);
  none("still none", trouble);
  await twoTabs(page);
  await context.close();
} catch (error) {
  none("the walk came to its end", [String(error)]);
} finally {
  await browser.close();
}
process.exit(finish());
