import Testing

/// The tools of the house tests, on sources made for them: a rule that cannot fail keeps nothing.
@Suite struct SelfTests {
    @Test func commentsAndTextsAreNoCode() {
        let source = """
            let a = "try! \\(f("x)")) {" // try!
            /* { /* nested */ try! */ let b = #"as! " \\"#
            let c = \"\"\"
              fatalError(
              \"\"\"; let d = 1
            """
        let code = CodeMask.blank(source)
        for word in ["try!", "as!", "fatalError", "{", "nested"] { #expect(!code.contains(word)) }
        for word in ["let a =", "let b =", "let c =", "let d = 1"] { #expect(code.contains(word)) }
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
    }

    @Test func functionsAreMeasuredFromTheirNameToTheirBrace() {
        let source = """
            struct S {
                var plain = 3
                let made = { 4 }
                var computed: Int {
                    if plain > 2 { 1 } else { 2 }
                }
                func short() -> Int { 1 }
                static func long(
                    a: Int, of body: () -> Void = {}
                ) throws {
                    body()
                }
                init() {}
            }
            protocol P {
                func promised(a: Int) async throws
                var read: Int { get }
            }
            """
        let found = FunctionFinder.functions(in: SourceFile(path: "s", text: source))
        let lengths = Dictionary(found.map { ($0.name, $0.length) }, uniquingKeysWith: { $1 })
        #expect(lengths == ["computed": 3, "short": 1, "long": 5, "init": 1, "read": 1])
    }

    @Test func importsAreReadWithTheirModifiers() {
        let source =
            "package import Access\nimport struct Crypto.SHA256\n@testable import OCI\nlet important = 1"
        #expect(SourceFile(path: "s", text: source).imports == ["Access", "Crypto", "OCI"])
    }
}
