/// `registry:` what the registry takes.
struct RegistrySettings: ConfigurationSection {
    var blobSizeMax = 1 << 40
    var uploadsPerAccountMax = 200
    var uploadLifetime = Duration.seconds(86_400)
    var tagsPerPushMax = 64
    var pageSizeMax = 10_000

    static var keys: [Key<Self>] {
        [
            .value("blob_size_max", \.blobSizeMax, .size(1 << 20...16 << 40)),
            .value("uploads_per_account_max", \.uploadsPerAccountMax, .integer(1...10_000)),
            .value("upload_lifetime", \.uploadLifetime, .duration(.seconds(60) ... .seconds(30 * 86_400))),
            .value("tags_per_push_max", \.tagsPerPushMax, .integer(1...1000)),
            .value("page_size_max", \.pageSizeMax, .integer(10...100_000)),
        ]
    }
}
