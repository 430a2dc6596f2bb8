/** Names for VMs that were given none: two words, so that people can tell them apart and type them. */

const FIRST = [
  "amber bold brave bright brisk calm clever cool crisp deep eager early fair fast fine fresh gentle glad golden grand",
  "green happy hardy humble jolly keen kind late light lively lucky merry mild misty neat noble plain proud quick quiet",
  "rapid rare ready royal rustic sharp shiny silent silver smart snowy solid steady still strong sunny swift tidy warm wise",
].join(" ");
const SECOND = [
  "ant badger bat bear beaver bee bison boar cat cobra cod crab crane crow deer dingo dove duck eagle eel elk falcon ferret",
  "finch fox frog goat goose gull hare hawk heron horse ibex jackal jay koala lark lemur lion lizard llama lynx magpie mole",
  "moose moth mouse newt otter owl panda parrot pike pony puma quail rabbit raven robin salmon seal shark sheep shrew",
  "snail sparrow squid stork swan tiger toad trout turtle viper vole walrus wasp weasel whale wolf wren yak zebra",
].join(" ");

/** `quick-otter`. Not unique: whoever takes it looks whether it is free. */
export function randomName(): string {
  return [FIRST, SECOND].map(pick).join("-");
}

function pick(words: string): string {
  const list = words.split(" ");
  return list[Math.floor(Math.random() * list.length)]!;
}
