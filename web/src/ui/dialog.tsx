import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { Button } from "./button";

interface Props {
  title: string;
  note: ReactNode;
  /** What the button that does it says. */
  verb: string;
  /** What the button that does nothing says. */
  leave: string;
  ready: boolean;
  onDone: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form over the page. Only lazy parts may import it: the dialog weighs 20 KB. */
export function FormDialog({ title, note, verb, leave, ready, onDone, onClose, children }: Props) {
  return (
    <Dialog.Root open onOpenChange={(open) => open || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Popup className="fixed left-1/2 top-1/2 z-40 flex max-h-[90dvh] w-[min(640px,calc(100vw-32px))] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-surface shadow-lg outline-none">
          <div className="flex min-h-0 flex-col gap-3 overflow-auto p-5 pb-0">
            <Dialog.Title className="break-words text-lg font-semibold">{title}</Dialog.Title>
            <Dialog.Description className="text-sm text-muted">{note}</Dialog.Description>
            {children}
          </div>
          <div className="flex shrink-0 justify-end gap-2 p-5 pt-4">
            <Dialog.Close render={<Button>{leave}</Button>} />
            <Button primary disabled={!ready} onClick={onDone}>
              {verb}
            </Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface BoxProps {
  text: string;
  invalid: boolean;
  /** What the text comes to: an error, or what would happen. */
  state: ReactNode;
  onChange: (text: string) => void;
  onSubmit: () => void;
}

/** Parameters to edit as JSON. Ctrl+Enter submits. */
export function ParameterBox({ text, invalid, state, onChange, onSubmit }: BoxProps) {
  return (
    <>
      <textarea
        aria-label="Parameters as JSON"
        aria-invalid={invalid}
        aria-describedby="parameter-state"
        value={text}
        onChange={(e) => onChange(e.target.value)}
        onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && onSubmit()}
        spellCheck={false}
        autoCapitalize="off"
        rows={Math.min(14, text.split("\n").length + 2)}
        className="min-h-24 shrink-0 rounded-md border border-strong bg-sunken p-3 font-mono text-xs"
      />
      <div id="parameter-state" aria-live="polite" className="text-xs text-muted empty:hidden">
        {state}
      </div>
    </>
  );
}
