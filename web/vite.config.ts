import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The build lands in dist/app, which git ignores: dist/index.html is the
// placeholder that lets `go build` pass without Node, and must stay as it is.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "dist/app",
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    assetsInlineLimit: 0, // data: URLs are not in the content security policy
  },
  server: { proxy: { "/api": process.env.SQUALL_URL ?? "http://127.0.0.1:8085" } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
