import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { put, read, remove } from "../../api/client";
import type { ListSecret, Secret } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Button } from "../../ui/button";
import { ListHeader } from "../../ui/page";
import { Empty, ErrorNote, Loaded } from "../../ui/states";
import { Ago } from "../../ui/time";

/** Values that packs use and do not see. They go in here and never come out. */
export default function Secrets() {
  useTitle("Secrets");
  const queries = useQueryClient();
  const secrets = useQuery({
    queryKey: ["secrets"],
    queryFn: ({ signal }) => read<ListSecret>("/secrets", signal),
  });
  const again = () => void queries.invalidateQueries({ queryKey: ["secrets"] });
  const forget = useMutation({
    mutationFn: (name: string) => remove(`/secrets/${encodeURIComponent(name)}`),
    onSettled: again,
  });
  return (
    <>
      <ListHeader title="Secrets" note={secrets.data && plural(secrets.data.items.length, "secret")} />
      <section
        data-scroll-restoration-id="secrets"
        tabIndex={0}
        aria-label="Secrets"
        className="inset-focus min-h-0 flex-1 overflow-auto p-4"
      >
        <div className="mx-auto flex max-w-4xl flex-col gap-4">
          <NewSecret onKept={again} />
          <ErrorNote error={forget.error} />
          <Loaded query={secrets}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty icon={KeyRound} title="There are no secrets">
                  A pack that may use one gets a handle; the server puts the value in when a request leaves.
                </Empty>
              ) : (
                <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
                  {items.map((s) => (
                    <Row key={s.name + s.source} secret={s} onForget={() => forget.mutate(s.name)} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </div>
      </section>
    </>
  );
}

function NewSecret({ onKept }: { onKept: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const keep = useMutation({
    mutationFn: () => put<Secret>(`/secrets/${encodeURIComponent(name)}`, { value }),
    onSuccess: () => {
      setName("");
      setValue("");
      onKept();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (name && value) keep.mutate();
  };
  const box = "h-8 min-w-0 flex-1 rounded-md border border-strong bg-sunken px-2 font-mono text-sm";
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        <input
          aria-label="Name"
          placeholder="name"
          value={name}
          onChange={(e) => setName(e.target.value)}
          className={box}
        />
        <input
          aria-label="Value"
          placeholder="value"
          type="password"
          autoComplete="off"
          value={value}
          onChange={(e) => setValue(e.target.value)}
          className={box}
        />
        <Button primary type="submit" disabled={!name || !value || keep.isPending}>
          Keep
        </Button>
      </div>
      <ErrorNote error={keep.error} />
    </form>
  );
}

function Row({ secret: s, onForget }: { secret: Secret; onForget: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm">
      <b className="break-all">{s.name}</b>
      <span className="text-muted">{s.source}</span>
      {s.updated && (
        <span className="text-muted">
          <Ago at={s.updated} />
          {s.by && ` by ${s.by}`}
        </span>
      )}
      {s.error && <span className="text-bad">can not be used: {s.error}</span>}
      {s.shadowed_by && <span className="text-warn">not used: there is one from {s.shadowed_by}</span>}
      {s.short && <span className="text-warn">too short to be taken out of what is said</span>}
      {s.source === "stored" && (
        <span className="ml-auto">
          <Button icon={Trash2} onClick={onForget} aria-label={`Forget ${s.name}`}>
            Forget
          </Button>
        </span>
      )}
    </li>
  );
}
