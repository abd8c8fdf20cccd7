// The action as a Node program.
const { readFileSync } = require("node:fs");
const log = console.error;
const act = new Function("log", readFileSync(__dirname + "/action.js", "utf8") + "; return act;")(log);
process.stdout.write(act(readFileSync(0, "utf8")));
