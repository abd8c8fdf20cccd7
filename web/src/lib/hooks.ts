import { useEffect, useState, useSyncExternalStore } from "react";

/** The present, renewed every interval; stands still while it is not needed. */
export function useNow(interval = 1000, active = true) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), interval);
    return () => clearInterval(timer);
  }, [interval, active]);
  return now;
}

export function useMedia(query: string) {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}

export const useIsNarrow = () => useMedia("(max-width: 767px)");

/** The document's title: "Failed · labs_sre.exec_pod · Squall". */
export function useTitle(...parts: (string | undefined)[]) {
  const title = [...parts.filter(Boolean), "Squall"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** A value that follows another after it has rested. */
export function useRested<T>(value: T, ms = 250): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}
