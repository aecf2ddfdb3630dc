// SPDX-License-Identifier: Apache-2.0
// A file over TLS, through a proxy, from a server whose certificate an authority of one's own has made.
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { packageFetcher } from "../../components/image/fetch-file.ts";
import { openStore } from "../../components/image/store.ts";
import { sha256 } from "../../components/util/digest.ts";
import { silent } from "../../components/util/progress.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type FaultyServer, faultyServer } from "./faulty-server.ts";

const file = Buffer.alloc(300_000, "kernel ");
const digest = sha256(file);
const folder = temporaryFolder();
const authority = join(folder, "ca.pem");
let proxy: FaultyServer;
/** What has reached the server: nothing does before its certificate was checked. */
const asked: string[] = [];
let close: () => void;

beforeAll(async () => {
	makeCertificates();
	const [key, cert] = [readFileSync(join(folder, "server.key")), readFileSync(join(folder, "server.pem"))];
	const server = createServer({ key, cert }, (request, response) => {
		asked.push(`${request.headers.host} ${request.url}`);
		response.setHeader("content-length", file.length).end(file);
	});
	await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
	proxy = await faultyServer();
	const { port } = server.address() as AddressInfo;
	for (const host of ["files.example:443", "other.example:443"]) proxy.tunnels.set(host, port);
	close = () => {
		server.close();
		server.closeAllConnections();
	};
});
afterAll(async () => {
	close();
	await proxy.close();
});

function makeCertificates(): void {
	const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
	openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=An authority of one's own", "-days", "2");
	openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=files.example");
	writeFileSync(join(folder, "names"), "subjectAltName=DNS:files.example\n");
	const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
	openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing);
}

function fetch(host: string, variables: NodeJS.ProcessEnv): Promise<{ status: number; stdout: string; stderr: string }> {
	const worker = fileURLToPath(new URL("./fetch-worker.ts", import.meta.url));
	const { NODE_EXTRA_CA_CERTS: _, no_proxy: __, NO_PROXY: ___, ...env } = process.env;
	return new Promise((settle) => {
		execFile(
			process.execPath,
			[worker, `https://${host}/file`, digest, temporaryFolder()],
			{ env: { ...env, https_proxy: proxy.url, ...variables }, encoding: "utf8" },
			(error, stdout, stderr) => settle({ status: Number(error?.code ?? 0), stdout, stderr }),
		);
	});
}

test("comes through to the last byte where the authority is named", async () => {
	const { status, stdout, stderr } = await fetch("files.example", { NODE_EXTRA_CA_CERTS: authority });
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	expect(sha256(readFileSync(stdout))).toBe(digest);
	expect(proxy.asked).toEqual(["CONNECT files.example:443"]);
	expect(asked).toEqual(["files.example /file"]);
});

test("comes through by apt, too, with the authority that the host's settings for it name", async () => {
	proxy.asked.length = asked.length = 0;
	const config = join(folder, "apt.conf");
	writeFileSync(config, `Acquire::Retries "0";\nAcquire::https::CaInfo "${authority}";\n`);
	vi.stubEnv("APT_CONFIG", config);
	vi.stubEnv("PERSONA_CACHE_DIR", temporaryFolder());
	vi.stubEnv("PERSONA_DEBIAN_MIRROR", "https://files.example/debian");
	vi.stubEnv("https_proxy", proxy.url);
	try {
		const entry = { name: "a", version: "1", architecture: "arm64", archive: "debian", file: "a.deb" } as const;
		const store = await openStore(temporaryFolder());
		const fetched = packageFetcher({ store, progress: silent })({ ...entry, size: file.length, sha256: digest.slice(7) });
		expect(await fetched).toMatchObject({ digest });
		expect(proxy.asked).toEqual(["CONNECT files.example:443"]);
		expect(asked).toEqual(["files.example /debian/a.deb"]);
	} finally {
		vi.unstubAllEnvs();
	}
});

test("does not come where it is not, nor from a server of another name; it is said why, and how to name one", async () => {
	asked.length = 0;
	const unknown = await fetch("files.example", {});
	expect(unknown.status).toBe(1);
	expect(unknown.stderr).toMatch(
		/cannot be reached: its certificate is of an authority that is not known here \(\w+\); NODE_EXTRA_CA_CERTS names/,
	);
	const other = await fetch("other.example", { NODE_EXTRA_CA_CERTS: authority });
	expect(other.status).toBe(1);
	expect(other.stderr).toMatch(/cannot be reached: .*other\.example/);
	expect(asked).toEqual([]);
});
