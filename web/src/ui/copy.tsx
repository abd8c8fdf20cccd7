import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./button";

function useCopy(text: string) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => void write(text).then(() => setDone(true));
  return [done, copy] as const;
}

/** The clipboard proper exists only on https and loopback. */
async function write(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const [done, copy] = useCopy(text);
  return <IconButton icon={done ? Check : Copy} label={done ? "Copied" : label} onClick={copy} />;
}

export function CopyButton({ text, label, icon = Copy }: { text: string; label: string; icon?: LucideIcon }) {
  const [done, copy] = useCopy(text);
  return (
    <Button icon={done ? Check : icon} onClick={copy}>
      {done ? "Copied" : label}
    </Button>
  );
}

/** A command to run elsewhere, with a button to copy it. */
export function CommandLine({ text }: { text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-sunken p-2 text-left">
      <code className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere py-1 font-mono text-xs text-fg">
        {text}
      </code>
      <CopyIcon text={text} label="Copy command" />
    </div>
  );
}
