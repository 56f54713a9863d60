/** How hard a passphrase is to guess, by zxcvbn; in a file of its own, for its word lists are large. */
import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

const zxcvbn = new ZxcvbnFactory({ graphs: adjacencyGraphs, dictionary });

/** From 0 (guessed at once) to 4. */
export const strengthOf = (passphrase: string): number => zxcvbn.check(passphrase.slice(0, 128)).score;
