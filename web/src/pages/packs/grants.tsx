import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { put, read, remove } from "../../api/client";
import type { Capabilities, Grants } from "../../api/types";
import { Button } from "../../ui/button";
import { ErrorNote } from "../../ui/states";
import { CapabilityList } from "./capabilities";

const GrantDialog = lazy(() => import("./grantdialog"));

/** What a pack asks for, and what the operator leaves it. */
export function PackRights({ pack, asked }: { pack: string; asked: Capabilities }) {
  const queries = useQueryClient();
  const [editing, setEditing] = useState(false);
  const path = `/packs/${encodeURIComponent(pack)}/grants`;
  const grants = useQuery({
    queryKey: ["grants", pack],
    queryFn: ({ signal }) => read<Grants>(path, signal),
  });
  const again = () => void queries.invalidateQueries({ queryKey: ["grants", pack] });
  const narrow = useMutation({
    mutationFn: (to: unknown) => put<Grants>(path, to),
    onSuccess: () => setEditing(false),
    onSettled: again,
  });
  const free = useMutation({ mutationFn: () => remove(path), onSettled: again });
  const g = grants.data;
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <CapabilityList of={asked} title={g?.granted ? "What it asks for" : "What it may do"} />
      {g?.granted && (
        <CapabilityList
          of={g.granted}
          title={`And no more than ${g.source === "config" ? "the configuration grants" : "it is granted"}`}
        />
      )}
      {g && g.source !== "config" && (g.granted || Object.keys(asked).length > 0) && (
        <div className="flex gap-2">
          <Button onClick={() => setEditing(true)}>Narrow</Button>
          {g.granted && (
            <Button disabled={free.isPending} onClick={() => free.mutate()}>
              Leave it what it asks for
            </Button>
          )}
        </div>
      )}
      <ErrorNote error={free.error} />
      {editing && (
        <Suspense>
          <GrantDialog
            pack={pack}
            from={g?.granted ?? asked}
            failure={narrow.error}
            busy={narrow.isPending}
            onDone={narrow.mutate}
            onClose={() => setEditing(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
