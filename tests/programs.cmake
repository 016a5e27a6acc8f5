# Programs that belong to the tests; they go to bin/ like the tools.
add_executable(noise-vectors noise_vectors.cc)
target_link_libraries(noise-vectors PRIVATE spate_session nlohmann_json::nlohmann_json)
