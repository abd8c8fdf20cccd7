import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const key = "squall-theme"; // public/theme.js reads it before the first paint
const listeners = new Set<() => void>();
const system = () => matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function show() {
  const theme = stored();
  document.documentElement.dataset.theme = theme === "system" ? (system().matches ? "dark" : "light") : theme;
  for (const fn of listeners) fn();
}

export function setTheme(theme: Theme) {
  try {
    if (theme === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // Storage may be forbidden; then the choice cannot be kept.
  }
  show();
}

function listen(fn: () => void) {
  if (listeners.size === 0) system().addEventListener("change", show);
  listeners.add(fn);
  return () => {
    listeners.delete(fn);
    if (listeners.size === 0) system().removeEventListener("change", show);
  };
}

export const useTheme = () => useSyncExternalStore(listen, stored);

/** Whether dark colours are on the screen, whoever chose them. */
export const useIsDark = () =>
  useSyncExternalStore(listen, () => document.documentElement.dataset.theme === "dark");
