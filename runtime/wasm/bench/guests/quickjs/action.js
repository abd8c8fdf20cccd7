// The action that all guests of the benchmark perform: JSON in, a sum, JSON out.
// QuickJS and Node run this same file; both give it log.
function act(input) {
  const { name, n, tags } = JSON.parse(input);
  let sum = 0;
  for (let k = 1; k <= n; k++) sum += k;
  if (n === 0) log("nothing to sum");
  return JSON.stringify({ greeting: "Hello, " + name, sum, tags: tags.length });
}
