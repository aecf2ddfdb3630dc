// SPDX-License-Identifier: Apache-2.0
// A Unix socket the bridge serves: clients come and go, and a slow one never holds up anybody.
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";

export interface SocketHandlers {
	connected?(client: Socket): void;
	data(client: Socket, bytes: Buffer): void;
	closed?(client: Socket): void;
}

/** Listens on one path and keeps its clients. */
export class SocketServer {
	readonly clients = new Set<Socket>();
	private readonly path: string;
	private readonly server: Server;

	constructor(path: string, handlers: SocketHandlers) {
		this.path = path;
		this.server = createServer((client) => {
			this.clients.add(client);
			client.on("error", () => client.destroy());
			client.on("close", () => {
				this.clients.delete(client);
				handlers.closed?.(client);
			});
			client.on("data", (bytes) => handlers.data(client, bytes));
			handlers.connected?.(client);
		});
	}

	/** Begins to listen; a socket that an earlier bridge left is replaced. */
	async listen(): Promise<void> {
		rmSync(this.path, { force: true });
		await new Promise<void>((resolve, reject) => {
			this.server.once("error", reject);
			this.server.listen(this.path, () => resolve());
		});
	}

	/** Closes every client and takes the socket away. */
	close(): void {
		this.server.close();
		for (const client of this.clients) client.destroy();
		rmSync(this.path, { force: true });
	}
}
