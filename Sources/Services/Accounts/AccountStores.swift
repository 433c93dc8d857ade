/// The ports of this service together: usually one store behind all of them.
package struct AccountStores: Sendable {
    package let accounts: any AccountStore
    package let rules: any RuleStore
    package let tokens: any TokenStore
    package let keys: any SigningKeyStore
    package let signal: any ChangeSignal

    package init(
        accounts: any AccountStore, rules: any RuleStore, tokens: any TokenStore, keys: any SigningKeyStore,
        signal: any ChangeSignal
    ) {
        self.accounts = accounts
        self.rules = rules
        self.tokens = tokens
        self.keys = keys
        self.signal = signal
    }

    /// One store that is all of them.
    package init(_ store: some AccountStore & RuleStore & TokenStore & SigningKeyStore & ChangeSignal) {
        self.init(accounts: store, rules: store, tokens: store, keys: store, signal: store)
    }
}
