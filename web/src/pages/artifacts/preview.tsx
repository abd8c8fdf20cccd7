import { useQuery } from "@tanstack/react-query";
import { FileBox } from "lucide-react";
import { readText, url } from "../../api/client";
import type { Artifact } from "../../api/types";
import { bytes } from "../../lib/format";
import { JsonView } from "../../ui/json";
import { Empty, Loaded } from "../../ui/states";
import { viewOf } from "./media";

const limit = 256 * 1024;

/** What can be shown of a file without leaving the page. */
export function Preview({ artifact: a }: { artifact: Artifact }) {
  const view = viewOf(a);
  if (view === "image") {
    return (
      <div className="min-h-0 flex-1 overflow-auto p-4">
        <img src={url(`/artifacts/${a.id}/content`)} alt={a.name} className="mx-auto max-w-full" />
      </div>
    );
  }
  if (view === "none") {
    return (
      <Empty icon={FileBox} title="There is no preview for this kind of file">
        {a.media_type}, {bytes(a.size)}
      </Empty>
    );
  }
  return <Text artifact={a} isJson={view === "json"} />;
}

function Text({ artifact: a, isJson }: { artifact: Artifact; isJson: boolean }) {
  const text = useQuery({
    queryKey: ["artifact-text", a.id],
    queryFn: ({ signal }) => readText(`/artifacts/${a.id}/content`, limit, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={text}>
      {(data) => {
        const value = isJson ? parse(data) : undefined;
        return (
          <div className="flex min-h-0 flex-1 flex-col">
            {a.size > limit && (
              <p className="border-b border-line bg-warn-subtle px-4 py-2 text-sm text-warn">
                These are the first {bytes(limit)} of {bytes(a.size)}. Download the file to see all of it.
              </p>
            )}
            {value !== undefined ? (
              <div className="min-h-0 flex-1 overflow-auto">
                <JsonView value={value} label={a.name} />
              </div>
            ) : (
              <pre
                tabIndex={0}
                className="inset-focus min-h-0 flex-1 overflow-auto p-4 font-mono text-xs leading-5"
              >
                {data}
              </pre>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off, or not JSON after all: shown as text
  }
}
