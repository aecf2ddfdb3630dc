// SPDX-License-Identifier: Apache-2.0
// A small Node language host: what Pulumi's engine asks to run a Node program, for where the vendor's own cannot be had.
//
// The engine starts this as `pulumi-language-nodejs -NAME=VALUE… -root=FOLDER ENGINE_ADDRESS`, reads a port from the first line of
// standard output and then speaks pulumirpc.LanguageRuntime. Options are those of Pulumi.yaml's `runtime.options`.
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheDir } from "../folders.mjs";
import { withoutProxyHere } from "../network.mjs";
import { parentGone, unlessListening } from "./parent.mjs";
import { installDependencies, programDependencies, runProgram } from "./program.mjs";

// The engine is on this machine: neither this process nor the program asks for it through a proxy.
Object.assign(process.env, withoutProxyHere());
enableCompileCache?.(join(cacheDir(), "compiled"));
const require = createRequire(import.meta.url);
/** @type {typeof import("@grpc/grpc-js")} */
const grpc = require("@grpc/grpc-js");
const services = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const messages = require("@pulumi/pulumi/proto/language_pb.js");
const plugins = require("@pulumi/pulumi/proto/plugin_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");

const { version } = require("@pulumi/pulumi/package.json");
let engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";

/**
 * Answers one call; whatever is thrown fails that call with its message and never ends the host.
 * @template Request, Response
 * @param {(request: Request) => Response | Promise<Response>} answer
 * @returns {import("@grpc/grpc-js").handleUnaryCall<Request, Response>}
 */
function unary(answer) {
	return (call, reply) => {
		Promise.resolve()
			.then(() => answer(call.request))
			.then(
				(response) => reply(null, response),
				(error) => reply({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
			);
	};
}

/** @param {string} what */
function refused(what) {
	return unary(() => {
		throw new Error(`pulumi-persona's small language host cannot ${what}; that needs the language host of Pulumi's own release`);
	});
}

const server = new grpc.Server({
	"grpc.max_receive_message_length": 400 * 1024 * 1024,
	"grpc.max_send_message_length": 400 * 1024 * 1024,
});
server.addService(services.LanguageRuntimeService, {
	handshake: unary((request) => {
		engineAddress = request.getEngineAddress() || engineAddress;
		return new messages.LanguageHandshakeResponse();
	}),
	// A Node package that is a Pulumi provider names a plugin to download; ours is started from the project's folder instead.
	getRequiredPackages: unary(() => new messages.GetRequiredPackagesResponse()),
	getRequiredPlugins: unary(() => new messages.GetRequiredPluginsResponse()),
	getPluginInfo: unary(() => new plugins.PluginInfo().setVersion(version)),
	about: unary(() => new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
	getProgramDependencies: unary((request) => {
		const response = new messages.GetProgramDependenciesResponse();
		const info = request.getInfo();
		const folder = info?.getProgramDirectory() || request.getPwd();
		response.setDependenciesList(
			programDependencies(folder).map(({ name, version }) => new messages.DependencyInfo().setName(name).setVersion(version)),
		);
		return response;
	}),
	runtimeOptionsPrompts: unary(() => new messages.RuntimeOptionsResponse()),
	run: unary(async (request) => {
		const outcome = await runProgram(request, engineAddress);
		return new messages.RunResponse().setError(outcome.error).setBail(outcome.bail);
	}),
	installDependencies: (/** @type {any} */ call) => installDependencies(call, grpc, messages),
	runPlugin: (/** @type {any} */ call) => {
		call.emit("error", {
			code: grpc.status.UNIMPLEMENTED,
			details: "running a plugin from its sources needs Pulumi's own release",
		});
	},
	generateProgram: refused("generate programs"),
	generateProject: refused("generate projects"),
	generatePackage: refused("generate packages"),
	pack: refused("pack packages"),
	link: refused("link packages"),
	cancel: unary(() => new Empty()),
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
	if (error !== null) {
		process.stderr.write(`cannot listen: ${error.message}\n`);
		process.exit(1);
	}
	process.stdout.write(`${port}\n`);
});

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => process.exit(0));
parentGone(() => process.exit(1));
unlessListening(engineAddress, () => process.exit(1));
