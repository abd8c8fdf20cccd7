// Sets the theme before the first paint. A file of its own, because the content
// security policy allows no inline script.
{
  let choice = null;
  try {
    choice = localStorage.getItem("squall-theme");
  } catch {
    // Storage may be forbidden; the system's theme is right then.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme =
    choice === "dark" || choice === "light" ? choice : dark ? "dark" : "light";
}
