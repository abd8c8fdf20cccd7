import { Braces, FileBox, Globe, KeyRound, type LucideIcon, Play, Ship, Siren } from "lucide-react";
import type { Capabilities, HTTPCapability, KubernetesCapability } from "../../api/types";
import { bytes } from "../../lib/format";

interface Right {
  icon: LucideIcon;
  text: string;
  reason?: string;
}

/** What the pack's code may do outside its sandbox, and why. */
export function CapabilityList({ of, title = "What it may do" }: { of: Capabilities; title?: string }) {
  const rights = [
    ...(of.kubernetes ?? []).map(kubernetes),
    ...(of.http ?? []).map(http),
    ...(of.artifacts ?? []).map((a) => ({
      icon: FileBox,
      text: `Keep files${a.max_bytes ? ` of up to ${bytes(a.max_bytes)}` : ""}`,
      reason: a.reason,
    })),
    ...(of.kv ?? []).map((k) => ({
      icon: Braces,
      text: `${k.write ? "Read and change" : "Read"} keys of scope ${k.scope}${k.keys?.length ? ` called ${k.keys.join(", ")}` : ""}`,
      reason: k.reason,
    })),
    ...(of.triggers?.length ? [{ icon: Siren, text: `Raise ${of.triggers.join(", ")}` }] : []),
    ...(of.secrets ?? []).map((s) => ({
      icon: KeyRound,
      text: `${s.reveal ? "See" : "Use"} the secret ${s.name}${s.hosts?.length ? ` for ${s.hosts.join(", ")}` : ""}`,
      reason: s.reason,
    })),
    ...(of.actions?.length ? [{ icon: Play, text: `Run the actions ${of.actions.join(", ")}` }] : []),
  ] as Right[];
  return (
    <section className="min-w-0">
      <h3 className="mb-1.5 text-xs font-semibold text-subtle">{title}</h3>
      {rights.length === 0 && (
        <p className="text-sm text-muted">Compute, and nothing else: it asked for no rights.</p>
      )}
      <ul className="flex flex-col gap-3">
        {rights.map(({ icon: Icon, text, reason }) => (
          <li key={text + reason} className="flex gap-2 text-sm">
            <Icon size={16} aria-hidden className="mt-0.5 shrink-0 text-subtle" />
            <div className="min-w-0">
              <p className="break-words font-medium">{text}</p>
              {reason && <p className="break-words text-muted">{reason}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function kubernetes(c: KubernetesCapability): Right {
  if (c.pods?.length) {
    return {
      icon: Ship,
      text: `${(c.verbs ?? []).join(", ")} Pods ${c.pods.join(", ")}${labelled(c)}${until(c)}`,
      reason: c.reason,
    };
  }
  const where = c.namespaces?.length ? `in ${c.namespaces.join(", ")}` : "in every namespace";
  const names = c.names?.length ? ` named ${c.names.join(", ")}` : "";
  return {
    icon: Ship,
    text: `${(c.verbs ?? []).join(", ")} ${(c.resources ?? []).join(", ")}${names}${labelled(c)} ${where}${until(c)}`,
    reason: c.reason,
  };
}

const labelled = (c: KubernetesCapability) => {
  const labels = Object.entries(c.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return labels.length ? ` labelled ${labels.sort().join(",")}` : "";
};

const until = (c: KubernetesCapability) => (c.for ? `, for ${c.for} after the event` : "");

function http(c: HTTPCapability): Right {
  const hosts = [...(c.hosts ?? []), ...(c.from_config ?? []).map((key) => `the configured ${key}`)];
  const methods = c.methods?.length ? c.methods.join(", ") : "GET, HEAD";
  return {
    icon: Globe,
    text: `${methods} to ${hosts.join(", ")}${c.private ? ", addresses inside included" : ""}${c.insecure ? ", whatever certificate they show" : ""}`,
    reason: c.reason,
  };
}
