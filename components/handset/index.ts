// SPDX-License-Identifier: Apache-2.0
// The handset stage: puts a device image on a handset, keeps it running, and observes it. Target: QEMU.
import type { Progress } from "../util/progress.ts";
import type {
  HandsetSpec,
  HandsetState,
  HandsetSummary,
  ImageReference,
  Observation,
  Orphan,
  ReadyExpectation,
} from "./types.ts";

export type * from "./types.ts";

export interface StartOptions {
  readonly personas: readonly ReadyExpectation[];
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface ControlClient {
  close(): void;
}

const notYet = (): never => {
  throw new Error("the handset stage is being built");
};

export function handsetDir(_id: string): string {
  return notYet();
}
export async function startHandset(
  _spec: HandsetSpec,
  _image: ImageReference,
  _options: StartOptions,
): Promise<HandsetState> {
  return notYet();
}
export async function stopHandset(_id: string): Promise<void> {
  return notYet();
}
export async function removeHandset(_id: string): Promise<void> {
  return notYet();
}
export async function observeHandset(_id: string): Promise<Observation> {
  return notYet();
}
export async function controlClient(_id: string): Promise<ControlClient> {
  return notYet();
}
export async function listHandsets(): Promise<HandsetSummary[]> {
  return notYet();
}
export async function findOrphans(): Promise<Orphan[]> {
  return notYet();
}
export async function cleanOrphans(): Promise<Orphan[]> {
  return notYet();
}
