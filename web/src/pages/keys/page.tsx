import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { KeyRound, Save, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { put, query, read, remove } from "../../api/client";
import type { KVEntry, ListKVEntry } from "../../api/types";
import { plural } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Button, IconButton } from "../../ui/button";
import { ListHeader } from "../../ui/page";
import { SearchBox } from "../../ui/search";
import { Empty, ErrorNote, Loaded } from "../../ui/states";
import { Ago, At } from "../../ui/time";

const route = getRouteApi("/shell/keys");

const pathOf = (scope: string, name: string) =>
  `/kv/${encodeURIComponent(scope)}/${name.split("/").map(encodeURIComponent).join("/")}`;

/** The values that rules, packs and people share by name. */
export default function Keys() {
  const { scope = "all", q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  useTitle("Keys");
  const keys = useQuery({
    queryKey: ["keys", scope, q],
    queryFn: ({ signal }) => read<ListKVEntry>(`/kv${query({ scope, prefix: q, limit: 1000 })}`, signal),
  });
  const count = keys.data && plural(keys.data.items.length, "key");
  return (
    <>
      <ListHeader title="Keys" note={keys.data?.next ? `first ${count}` : count} />
      <div className="flex shrink-0 flex-wrap gap-2 border-b border-line bg-surface px-4 py-1.5">
        <SearchBox
          label="Filter keys"
          placeholder="beginning of a name"
          value={q}
          onChange={(text) => void navigate({ search: { scope, q: text || undefined } })}
        />
        <ScopeBox
          key={scope}
          scope={scope}
          onChange={(text) => void navigate({ search: { scope: text || undefined, q: q || undefined } })}
        />
      </div>
      <NewKey scope={scope === "all" ? "system" : scope} />
      <Loaded query={keys}>
        {(data) =>
          data.items.length > 0 ? (
            <Table items={data.items} />
          ) : (
            <Empty icon={KeyRound} title={q ? "No keys begin so" : "There are no keys"}>
              {!q && "Rules and packs keep small values here, by name."}
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

const field = "h-8 min-w-0 rounded-md border border-strong bg-surface px-2 font-mono text-xs text-fg";

/** Takes what is typed when it is left or entered: half a scope is none. */
function ScopeBox({ scope, onChange }: { scope: string; onChange: (text: string) => void }) {
  return (
    <input
      aria-label="Scope"
      placeholder="all, system, user:NAME or pack:NAME"
      defaultValue={scope}
      onBlur={(e) => e.target.value !== scope && onChange(e.target.value.trim())}
      onKeyDown={(e) => e.key === "Enter" && e.currentTarget.blur()}
      spellCheck={false}
      autoComplete="off"
      className={`${field} w-72`}
    />
  );
}

function NewKey({ scope }: { scope: string }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [ttl, setTTL] = useState("");
  const [encrypted, setEncrypted] = useState(false);
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: () => put<KVEntry>(pathOf(scope, name), { value, encrypted, ttl: ttl || undefined }),
    onSuccess: () => {
      setName("");
      setValue("");
      void queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (name) set.mutate();
  };
  const text = (label: string, now: string, change: (text: string) => void, width: string) => (
    <input
      aria-label={label}
      placeholder={label}
      value={now}
      onChange={(e) => change(e.target.value)}
      spellCheck={false}
      autoComplete="off"
      className={`${field} ${width}`}
    />
  );
  return (
    <form
      onSubmit={submit}
      className="flex shrink-0 flex-col gap-2 border-b border-line bg-surface px-4 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-xs text-muted">Set in {scope}</span>
        {text("Name", name, setName, "w-56")}
        {text("Value", value, setValue, "min-w-40 flex-1")}
        {text("Stays, such as 2h", ttl, setTTL, "w-36")}
        <label className="flex items-center gap-1.5 text-xs text-muted">
          <input type="checkbox" checked={encrypted} onChange={(e) => setEncrypted(e.target.checked)} />
          Encrypted
        </label>
        <Button type="submit" icon={Save} disabled={!name || set.isPending}>
          Set
        </Button>
      </div>
      <ErrorNote error={set.error} />
    </form>
  );
}

function Table({ items }: { items: KVEntry[] }) {
  return (
    <section
      data-scroll-restoration-id="keys"
      tabIndex={0}
      aria-label="Keys"
      className="inset-focus min-h-0 flex-1 overflow-auto bg-surface"
    >
      <table className="w-full table-fixed text-left text-sm">
        <thead className="sticky top-0 bg-bg text-xs text-subtle">
          <tr className="border-b border-line">
            <th className="w-36 truncate px-4 py-1.5 font-medium">Scope</th>
            <th className="w-1/4 px-2 py-1.5 font-medium">Name</th>
            <th className="px-2 py-1.5 font-medium">Value</th>
            <th className="w-28 px-2 py-1.5 font-medium max-md:hidden">Set</th>
            <th className="w-44 px-2 py-1.5 font-medium max-md:hidden">Expires</th>
            <th className="w-14 px-2 py-1.5">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((entry) => (
            <Entry key={`${entry.scope}/${entry.name}`} entry={entry} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Removing asks once more, in the place of the button. */
function Entry({ entry }: { entry: KVEntry }) {
  const [sure, setSure] = useState(false);
  const queries = useQueryClient();
  const gone = useMutation({
    mutationFn: () => remove(pathOf(entry.scope, entry.name)),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  return (
    <tr className="hover:bg-hover">
      <td className="truncate px-4 py-1 text-muted">{entry.scope}</td>
      <td className="truncate px-2 py-1 font-mono text-xs" title={entry.name}>
        {entry.name}
      </td>
      <td className="truncate px-2 py-1 font-mono text-xs" title={entry.value.slice(0, 2000)}>
        {entry.encrypted ? <span className="text-subtle">encrypted</span> : entry.value.slice(0, 500)}
      </td>
      <td className="px-2 py-1 text-muted max-md:hidden">
        <Ago at={entry.updated_at} />
      </td>
      <td className="px-2 py-1 text-muted max-md:hidden">
        {entry.expires_at ? <At at={entry.expires_at} /> : "–"}
      </td>
      <td className="px-2 py-1">
        <IconButton
          icon={Trash2}
          label={sure ? `Really remove ${entry.name}` : `Remove ${entry.name}`}
          className={sure ? "text-bad" : ""}
          disabled={gone.isPending}
          onBlur={() => setSure(false)}
          onClick={() => (sure ? gone.mutate() : setSure(true))}
        />
      </td>
    </tr>
  );
}
