# Swarms of real nodes on the virtual network, from a seed.
file(GLOB sim_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cc)
add_executable(sim-tests ${CMAKE_CURRENT_SOURCE_DIR}/main.cc ${sim_tests})
target_precompile_headers(sim-tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/catch.h)
target_link_libraries(sim-tests PRIVATE spate_sim Catch2::Catch2)
add_test(NAME sim COMMAND sim-tests)
set_tests_properties(sim PROPERTIES TIMEOUT 600)
