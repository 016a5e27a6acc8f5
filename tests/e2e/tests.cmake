# A swarm of real processes beside the simulation of the same scenario.
add_library(spate_e2e STATIC ${CMAKE_CURRENT_LIST_DIR}/stage.cc)
target_link_libraries(spate_e2e PUBLIC spate_sim)
foreach(program plan feed sink emulator)
  add_executable(e2e-${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.cc)
  target_link_libraries(e2e-${program} PRIVATE spate_e2e nlohmann_json::nlohmann_json)
endforeach()
target_sources(e2e-emulator PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/net/tun.cc)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME net.swarm COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
  SPATE_BIN=$<TARGET_FILE_DIR:spate-watch> ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/swarm_test.py
  --scenario ${CMAKE_CURRENT_LIST_DIR}/quick.toml --kill 2)
set_tests_properties(net.swarm PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 90 LABELS net)
add_test(NAME e2e.sink COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
  SPATE_BIN=$<TARGET_FILE_DIR:spate-watch> ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/sink_test.py)
set_tests_properties(e2e.sink PROPERTIES TIMEOUT 60)
