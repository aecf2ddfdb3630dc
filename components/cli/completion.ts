// SPDX-License-Identifier: Apache-2.0
// Shell completion: short scripts for bash, zsh and fish that ask the command itself what may come next.
import type { Command } from "commander";
import { listHandsets } from "../handset/index.ts";
import { OTHER_LOGS } from "./commands/logs.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, string>> = {
	bash: `# persona: completion for bash. Put it to work with: source <(persona completion bash)
_persona() {
	local IFS=$'\\n'
	COMPREPLY=($(compgen -W "$(persona complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _persona persona
`,
	zsh: `#compdef persona
# persona: completion for zsh. Put it to work with: source <(persona completion zsh)
_persona() {
	local -a candidates
	candidates=("\${(@f)$(persona complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if (( \${#candidates[@]} )) && [[ -n "\${candidates[1]}" ]]; then compadd -a candidates; else _files; fi
}
if [[ "\${funcstack[1]}" = _persona ]]; then _persona "$@"; else compdef _persona persona; fi
`,
	fish: `# persona: completion for fish. Put it to work with: persona completion fish | source
complete -c persona -a '(persona complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

export function completionScript(shell: Shell): string {
	return SCRIPTS[shell];
}

/** What may stand in place of the last of `words`, the words after \`persona\`. Nothing: let the shell complete files. */
export async function completions(program: Command, words: readonly string[]): Promise<string[]> {
	const current = words.at(-1) ?? "";
	const before = words.slice(0, -1);
	let command = program;
	const rest: string[] = [];
	for (const word of before) {
		const sub = rest.length === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
		if (sub !== undefined) command = sub;
		else rest.push(word);
	}
	return (await candidates(program, command, rest)).filter((candidate) => candidate.startsWith(current));

	async function candidates(root: Command, at: Command, args: readonly string[]): Promise<string[]> {
		if (args.at(-1) === "--handset") return (await listHandsets()).map(({ id }) => id);
		if (current.startsWith("-")) return [...new Set([...at.options, ...root.options].flatMap(({ long }) => (long ? [long] : [])))];
		const subcommands = at.commands.map((sub) => sub.name()).filter((name) => name !== "complete");
		if (subcommands.length > 0 && args.length === 0) return subcommands;
		if (at.name() === "completion") return [...SHELLS];
		const positional = args.filter((word, index) => !word.startsWith("-") && args[index - 1] !== "--handset");
		const [argument] = at.registeredArguments;
		if (positional.length > 0 || argument === undefined) return [];
		if (argument.name() === "handset") return (await listHandsets()).map(({ id }) => id);
		if (argument.name() !== "persona" && argument.name() !== "log") return [];
		const chosen = args[args.indexOf("--handset") + 1];
		const handsets = (await listHandsets()).filter(({ id }) => !args.includes("--handset") || id === chosen);
		return [...new Set(handsets.flatMap(({ personas }) => personas)), ...(argument.name() === "log" ? OTHER_LOGS : [])];
	}
}
