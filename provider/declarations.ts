import { join, relative } from "node:path";
import ts from "typescript";
import { redisHaFields } from "../components/redisHaArgs.ts";
import { secretNames } from "../fields.ts";
import { type ObjectSpec, type PropertySpec, type ResourceSpec, token } from "./schema.ts";

/** A number is whole unless it is one of these. */
const fractions = ["socketTimeoutSeconds"];
const secrets = secretNames(redisHaFields);
/**
 * What a host leaves out may be set for all hosts, or belong to another kind: no default may be
 * filled in.
 */
const withoutDefaults = ["HostArgs", "BastionArgs", "SshArgs", "SshHostArgs", "DockerArgs"];

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  types: [],
};

/** Whether what is declared is given to a component, or comes out of it. */
type Direction = "input" | "output";

/** Reads what components/index.ts exports: components, their arguments, and the types in these. */
export class Declarations {
  /** What the package has to have besides its components: the types that were met, by token. */
  readonly types = new Map<string, ObjectSpec>();
  readonly #checker: ts.TypeChecker;
  readonly #exported: ReadonlyMap<string, ts.Symbol>;
  readonly #checkout: string;

  /** @param checkout directory of the sources. */
  constructor(checkout: string) {
    const file = join(checkout, "components", "index.ts");
    const program = ts.createProgram([file], compilerOptions);
    this.#checker = program.getTypeChecker();
    this.#checkout = checkout;
    const source = program.getSourceFile(file);
    const module = source && this.#checker.getSymbolAtLocation(source);
    if (!module) throw new Error("components/index.ts exports nothing");
    this.#exported = new Map(
      this.#checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]),
    );
  }

  /** @throws Error where a declaration has something that no other language has. */
  resource(name: string): ResourceSpec {
    const component = this.#declared(name);
    const args = this.#object(
      this.#checker.getDeclaredTypeOfSymbol(this.#declared(`${name}Args`)),
      "input",
    );
    const type = this.#checker.getDeclaredTypeOfSymbol(component);
    const { properties, required } = this.#object(type, "output");
    return {
      isComponent: true,
      type: "object",
      description: this.#text(component),
      inputProperties: args.properties,
      requiredInputs: args.required,
      properties,
      required,
    };
  }

  #declared(name: string): ts.Symbol {
    const symbol = this.#exported.get(name);
    if (!symbol) throw new Error(`components/index.ts does not export ${name}`);
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #object(type: ts.Type, direction: Direction): Omit<ObjectSpec, "description"> {
    const properties: Record<string, PropertySpec> = {};
    const required: string[] = [];
    for (const symbol of this.#checker.getPropertiesOfType(type)) {
      const declaration = symbol.valueDeclaration;
      if (!declaration || !isOurs(declaration, this.#checkout)) continue;
      if (
        !(ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration)) ||
        !declaration.type
      )
        continue;
      if (ts.isPrivateIdentifier(declaration.name)) continue;
      properties[symbol.name] = {
        ...this.#property(symbol, direction),
        ...this.#value(declaration.type, symbol.name, direction),
        ...(secrets.has(symbol.name) ? { secret: true } : {}),
      };
      if (!declaration.questionToken) required.push(symbol.name);
    }
    return { type: "object", properties, required: required.sort() };
  }

  /**
   * The docstring, whose default is one of the schema where it is a plain value that stands by
   * itself.
   */
  #property(symbol: ts.Symbol, direction: Direction): PropertySpec {
    const text = this.#text(symbol);
    const said = symbol.getJsDocTags(this.#checker).find(({ name }) => name === "default");
    const words = ts.displayPartsToString(said?.text).replaceAll(/\s+/g, " ").trim();
    if (words === "") return text ? { description: text } : {};
    const description = [...(text ? [text] : []), `Default: ${words}`].join("\n\n");
    const declaredIn =
      (symbol.valueDeclaration?.parent as ts.InterfaceDeclaration | undefined)?.name.text ?? "";
    if (direction === "output" || withoutDefaults.includes(declaredIn)) return { description };
    return /^(true|false|\d+(\.\d+)?|"[^"]*")$/.test(words)
      ? { description, default: JSON.parse(words) as string | number | boolean }
      : { description };
  }

  #text(symbol: ts.Symbol): string {
    return ts
      .displayPartsToString(symbol.getDocumentationComment(this.#checker))
      .replaceAll(/\{@link (\w+)\}/g, "`$1`")
      .replaceAll(/\s*\n\s*/g, " ");
  }

  #value(node: ts.TypeNode, name: string, direction: Direction): PropertySpec {
    const plain = direction === "input" ? { plain: true } : {};
    if (ts.isTypeOperatorNode(node)) return this.#value(node.type, name, direction);
    if (node.kind === ts.SyntaxKind.StringKeyword) return { type: "string", ...plain };
    if (node.kind === ts.SyntaxKind.BooleanKeyword) return { type: "boolean", ...plain };
    if (node.kind === ts.SyntaxKind.NumberKeyword)
      return { type: fractions.includes(name) ? "number" : "integer", ...plain };
    if (ts.isArrayTypeNode(node))
      return { type: "array", items: this.#value(node.elementType, name, direction), ...plain };
    // Of fixed length, which no other language has: three numbers.
    if (ts.isTupleTypeNode(node) && node.elements[0])
      return { type: "array", items: this.#value(node.elements[0], name, direction), ...plain };
    if (ts.isUnionTypeNode(node)) {
      // A component takes a host as an object or by its section; other languages have the second
      // only.
      const section = node.types.find((each) => each.getText() === "HostSection");
      if (section) return this.#value(section, name, direction);
    }
    if (ts.isTypeReferenceNode(node)) {
      const [first, second] = node.typeArguments ?? [];
      switch (node.typeName.getText()) {
        case "pulumi.Input":
        case "pulumi.Output":
          if (first) return withoutPlain(this.#value(first, name, direction));
          break;
        case "Record":
          if (second)
            return {
              type: "object",
              additionalProperties: this.#value(second, name, direction),
              ...plain,
            };
          break;
        default: {
          // Another name for a map.
          const alias = this.#checker.getSymbolAtLocation(node.typeName);
          const named =
            alias &&
            (alias.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(alias) : alias)
              .declarations?.[0];
          if (named && ts.isTypeAliasDeclaration(named) && ts.isTypeReferenceNode(named.type))
            return this.#value(named.type, name, direction);
          return { $ref: `#/types/${token(this.#named(node, direction))}`, ...plain };
        }
      }
    }
    throw new Error(
      `${node.getSourceFile().fileName}: ${name} is ${node.getText()}, for which the schema has no words`,
    );
  }

  /** @returns the name of a type, which becomes one of the package. */
  #named(node: ts.TypeReferenceNode, direction: Direction): string {
    const type = this.#checker.getTypeAtLocation(node.typeName);
    const symbol = type.aliasSymbol ?? type.getSymbol();
    if (!symbol) throw new Error(`${node.getText()} is no type of ours`);
    const name = symbol.name.replace(/Args$/, "");
    const text = this.#text(symbol);
    if (!this.types.has(token(name)))
      this.types.set(token(name), {
        ...(text ? { description: text } : {}),
        ...this.#object(type, direction),
      });
    return name;
  }
}

function withoutPlain({ items, additionalProperties, ...rest }: PropertySpec): PropertySpec {
  delete rest.plain;
  return {
    ...rest,
    ...(items ? { items: withoutPlain(items) } : {}),
    ...(additionalProperties ? { additionalProperties: withoutPlain(additionalProperties) } : {}),
  };
}

function isOurs(declaration: ts.Node, checkout: string): boolean {
  return !relative(checkout, declaration.getSourceFile().fileName)
    .split(/[\\/]/)
    .includes("node_modules");
}
