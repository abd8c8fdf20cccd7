import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Download, Pin as PinIcon, PinOff } from "lucide-react";
import { put, read, remove, url } from "../../api/client";
import type { Artifact } from "../../api/types";
import { bytes, shortId } from "../../lib/format";
import { useTitle } from "../../lib/hooks";
import { Button, ButtonAnchor } from "../../ui/button";
import { CopyIcon } from "../../ui/copy";
import { DetailHeader, linkClass } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { At } from "../../ui/time";
import { isProfile } from "./media";
import { Preview } from "./preview";
import { Profile } from "./profile";

const route = getRouteApi("/shell/artifacts/$id");

export default function ArtifactPage() {
  const { id } = route.useParams();
  const artifact = useQuery({
    queryKey: ["artifact", id],
    queryFn: ({ signal }) => read<Artifact>(`/artifacts/${id}`, signal),
  });
  return <Loaded query={artifact}>{(data) => <Viewer key={id} artifact={data} />}</Loaded>;
}

/** What is pinned stays, with its execution, whatever retention says. */
function Pin({ artifact: a }: { artifact: Artifact }) {
  const queries = useQueryClient();
  const toggle = useMutation({
    mutationFn: async () => {
      if (a.pinned_by) await remove(`/artifacts/${a.id}/pin`);
      else await put<Artifact>(`/artifacts/${a.id}/pin`, undefined);
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["artifact", a.id] }),
  });
  return (
    <Button
      icon={a.pinned_by ? PinOff : PinIcon}
      disabled={toggle.isPending}
      title={
        toggle.error?.message ??
        (a.pinned_by ? `Pinned by ${a.pinned_by}` : "Keep it, whatever retention says")
      }
      onClick={() => toggle.mutate()}
    >
      {toggle.error ? "Pin failed" : a.pinned_by ? "Unpin" : "Pin"}
    </Button>
  );
}

function Viewer({ artifact: a }: { artifact: Artifact }) {
  useTitle(a.name, "Artifact");
  return (
    <>
      <DetailHeader
        parent={{ to: "/artifacts", label: "Artifacts" }}
        crumb={
          <>
            <span className="truncate font-mono">{a.id}</span>
            <CopyIcon text={a.sha256} label="Copy SHA-256" />
          </>
        }
        title={a.name}
        note={
          <>
            <span className="tnum">{bytes(a.size)}</span> ·
            <span>
              from execution{" "}
              <Link
                to="/executions/$id"
                params={{ id: a.execution }}
                className={`font-mono text-xs ${linkClass}`}
              >
                {shortId(a.execution)}
              </Link>
            </span>
            · <At at={a.created_at} />
          </>
        }
        actions={
          <>
            <Pin artifact={a} />
            <ButtonAnchor icon={Download} href={url(`/artifacts/${a.id}/content`)} download={a.name}>
              Download
            </ButtonAnchor>
          </>
        }
      />
      {isProfile(a) ? <Profile artifact={a} /> : <Preview artifact={a} />}
    </>
  );
}
